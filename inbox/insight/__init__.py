"""Derives from stored rows what happened: findings, attempts, traces, comparisons."""
