"""Resources of one bundle and the references between them. A reference to what is not there is never made."""

from exports.fhir.codes import Json, url_of


class Links:
    """The addresses of one stream's resources."""

    def __init__(self, stream: str) -> None:
        """Name resources of this stream."""
        self._stream = stream

    def url(self, name: str) -> str:
        """Give a resource's address in the bundle."""
        return url_of(self._stream, name)

    def resource(self, kind: str, name: str) -> Json:
        """Begin a resource of a kind: its id is that of its address."""
        return {"resourceType": kind, "id": self.url(name).removeprefix("urn:uuid:")}

    def to(self, name: str) -> Json:
        """Refer to a resource of the same bundle."""
        return {"reference": self.url(name)}
