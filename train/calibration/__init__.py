"""Calibration of a reader: logistic models of confidence, fitted on questions with known answers."""
