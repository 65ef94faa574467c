"""HMS: scheduling and no-show handling for hospital outpatient clinics."""

__version__ = "0.1.0"
