"""Croissant metadata of an export, `croissant.json`: what its files and columns are, for machines.

As https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html has it: the version that readers know by now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from pipeline.output.manifest import PartFigures

_PARQUET: Final = "application/x-parquet"
_SET: Final = "parquet-files"
_RECORDS: Final = "default"  # as the card calls the one configuration that there is
_FILE_SET: Final[Mapping[str, Any]] = {
    "@type": "cr:FileSet",
    "@id": _SET,
    "name": _SET,
    "encodingFormat": _PARQUET,
    "includes": "data/*.parquet",
}
_CONTEXT: Final[Mapping[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet"),
            *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
            *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField"),
            "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}


def metadata(
    name: str,
    description: str,
    licences: Sequence[str],
    version: str,
    created: str,
    columns: pa.Schema,
    files: Mapping[str, PartFigures],
) -> dict[str, Any]:
    """What `croissant.json` says of Parquet files with these columns, by their paths beside it."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": description,
        "license": list(licences),
        "version": version,
        "datePublished": created,
        "distribution": [
            *(_file(path, figures) for path, figures in files.items()),
            _FILE_SET,
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": _RECORDS,
                "name": _RECORDS,
                "description": "An article a record.",
                "field": [_field(column) for column in columns],
            }
        ],
    }


def _file(path: str, figures: PartFigures) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{figures['bytes']} B",
        "encodingFormat": _PARQUET,
        "sha256": figures["sha256"],
    }


def _field(column: pa.Field) -> dict[str, Any]:
    kind = column.type.value_type if pa.types.is_list(column.type) else column.type
    return {
        "@type": "cr:Field",
        "@id": f"{_RECORDS}/{column.name}",
        "name": column.name,
        "dataType": _type(kind),
        "repeated": pa.types.is_list(column.type),
        "source": {"fileSet": {"@id": _SET}, "extract": {"column": column.name}},
    }


def _type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "sc:DateTime"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Integer" if pa.types.is_integer(kind) else "sc:Text"
