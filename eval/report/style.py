"""The style sheet of the report page: light, dark, small screens and print."""

CSS = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2128; --soft: #57606a; --line: #d4dae0; --wash: #f5f7f9;
  --strong: #0b5cad; --band: #a9cdf0; --bar: #cfe3f7; --other: #a8480b }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6e9ed; --soft: #a3acb7;
  --line: #39414b; --wash: #1c2127; --strong: #8cc2ff; --band: #2c5d90; --bar: #234466; --other: #ffb077 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 1rem }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 0 }
p { margin: .25rem 0 .75rem; max-width: 46rem }
.soft { color: var(--soft); font-weight: 400 }
a { color: var(--strong) }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: 0 }
.facts dt, .example dt { color: var(--soft) }
.facts dd, .example dd { margin: 0 }
.cards { display: flex; flex-wrap: wrap; gap: 1rem; margin-top: 1.5rem }
.card { background: var(--wash); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem;
  break-inside: avoid }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem 1.5rem;
  margin-top: .6rem }
.figure { line-height: 1.35 }
.figure p { margin: 0 }
.value { font-size: 1.75rem; font-weight: 600; font-variant-numeric: tabular-nums }
.interval { display: block; width: 100%; height: .65rem; margin: .15rem 0 .3rem }
.track { fill: var(--line) } .band { fill: var(--band) } .mark { fill: var(--strong) }
.small, caption, figcaption, .note { font-size: .875rem }
.wide { overflow-x: auto; margin: 1rem 0 1.75rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem }
th, td { padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: bottom; border-bottom: 1px solid var(--line) }
th { font-weight: 600 } td { white-space: nowrap }
th.number, td.number { text-align: right; padding: .3rem .4rem .3rem .9rem }
td.number + td.text, th.number + th.text { padding-left: .9rem }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; margin: 1rem 0 }
figure { flex: 1 1 18rem; max-width: 27rem; margin: 0; break-inside: avoid }
figcaption { color: var(--soft); margin-top: .25rem }
.chart { display: block; width: 100%; height: auto }
.chart text { font-size: 11.5px; fill: var(--soft); font-variant-numeric: tabular-nums }
.chart .across, .chart .label, .chart .count { text-anchor: middle } .chart .up { text-anchor: end }
.chart .label { fill: var(--ink) } .chart .count { font-size: 10.5px }
.grid { stroke: var(--line); stroke-width: 1 } .bar { fill: var(--band) } .area { fill: var(--bar) }
.ideal { fill: none; stroke: var(--other); stroke-width: 1.5; stroke-dasharray: 5 4 }
.curve { fill: none; stroke: var(--strong); stroke-width: 2; stroke-linejoin: round }
.dot { fill: var(--strong); stroke: var(--paper); stroke-width: 1 }
summary { cursor: pointer; padding: .35rem 0 }
.cause { border-bottom: 1px solid var(--line) }
.cause > summary { font-weight: 600 }
.cause > :not(summary) { margin-left: 1.1rem }
.example dl { display: grid; grid-template-columns: 5.5rem 1fr; gap: .35rem 1rem; margin: .25rem 0 1rem 1.1rem }
.example ul, .example ol { margin: 0; padding-left: 1.2rem }
@media (max-width: 34rem) { .example dl { grid-template-columns: 1fr; gap: 0; margin-left: 0 }
  .example dd { margin-bottom: .4rem } .chart text, .chart .count { font-size: 13px }
  table { font-size: .875rem } th, td { padding-right: .4rem } th.number, td.number { padding-inline: .5rem .1rem }
  td.number + td.text, th.number + th.text { padding-left: .6rem }
  td:first-child { white-space: normal; min-width: 7rem } }
@media print { :root { color-scheme: light; font-size: 10pt } main { padding: 0 } table { font-size: 8pt }
  th, td, th.number, td.number { padding-block: .15rem } .wide { overflow: visible } tr { break-inside: avoid }
  h2, h3, summary, caption { break-after: avoid } }
"""
