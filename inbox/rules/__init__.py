"""Replies on purpose: by rules, and by what addresses and names ask for."""
