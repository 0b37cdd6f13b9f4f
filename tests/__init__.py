"""Tests mirror the packages: tests/<room>/test_<verb>.py; rules, contracts, journeys and faults stand beside them."""
