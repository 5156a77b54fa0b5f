"""The trial: sites, staff, registration, enrolment and allocation."""
