"""Smoothness measured: distances, metrics, optical flow, and the gates that keep flicker from scoring."""
