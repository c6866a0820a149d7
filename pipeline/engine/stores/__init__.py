"""Stores: what lies under a URL, `s3://bucket/key`, in the place of a file. The one place that speaks to them.

A key is a name and nothing else: it is never a path on this machine, and `//`, `..` and control characters in it stay
what they are. Credentials are what the library of a store finds in the environment; they are no part of a URL.
"""

from __future__ import annotations

from pipeline.engine.stores.address import Address, address_of, as_path, is_url
from pipeline.engine.stores.store import Store

__all__ = ["Address", "address_of", "as_path", "is_url", "opened"]


def opened(address: Address) -> Store:
    """The store that an address lies in.

    Raises:
        SettingsError: it is of no known kind, or the library that speaks to it is not installed.
    """
    if address.scheme == "s3":
        from pipeline.engine.stores.s3 import S3

        return S3(address.bucket)
    from pipeline.engine.stores.others import Other

    return Other(address)
