"""A member of staff at the JSON API: real HTTP calls with their own key."""

from typing import Any
from uuid import uuid4

import httpx

from api.demo.staff import Login

Json = Any  # what an answer holds is looked at by whoever asked


class StepFailed(Exception):
    """The running server answered other than the story needs."""


class Desk:
    """One person's client; every POST gets a fresh Idempotency-Key."""

    def __init__(self, base_url: str, login: Login) -> None:
        self.name = login.name
        self.role = login.roles[0]
        headers = {"Authorization": f"Bearer {login.api_key}"}
        self._client = httpx.Client(base_url=base_url, headers=headers, trust_env=False, timeout=15.0)

    @property
    def signature(self) -> str:
        """As the story names them."""
        return f"{self.name.split()[0]}, {self.role}"

    def post(self, path: str, body: Json = None, *, expect: int = 200) -> Json:
        """What the API answers to a POST. Raises StepFailed."""
        headers = {"Idempotency-Key": str(uuid4())}
        return self._answer("POST", path, expect, json={} if body is None else body, headers=headers).json()

    def do(self, path: str, *, expect: int = 200) -> Json:
        """As `post`, without a body."""
        return self._answer("POST", path, expect, headers={"Idempotency-Key": str(uuid4())}).json()

    def get(self, path: str) -> Json:
        """What the API shows. Raises StepFailed."""
        return self._answer("GET", path, httpx.codes.OK).json()

    def fetch(self, path: str) -> bytes:
        """A file. Raises StepFailed."""
        return self._answer("GET", path, httpx.codes.OK).content

    def close(self) -> None:
        """Gives the connection back."""
        self._client.close()

    def _answer(self, method: str, path: str, expect: int, **what: Json) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **what)
        except httpx.HTTPError as error:
            raise StepFailed(f"{method} {path}: no answer ({type(error).__name__})") from error
        if answer.status_code != expect:
            raise StepFailed(f"{method} {path}: {answer.status_code} instead of {expect}: {answer.text[:400]}")
        return answer
