"""Where the practice carrier calls back: to loopback and nowhere else."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_ours(url: str) -> bool:
    """Whether an address is on this machine: what practises must not reach anybody in earnest."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme in ("http", "https") and (host == "localhost" or ip_address(host).is_loopback)
    except ValueError:
        return False
