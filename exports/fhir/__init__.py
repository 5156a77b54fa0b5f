"""A subject as a FHIR R4 bundle. Pure: facts and their state in, JSON values out."""

from exports.fhir.bundle import bundle, fhir_json

__all__ = ["bundle", "fhir_json"]
