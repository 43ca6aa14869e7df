"""Meshes of triangles (grtyp M) as UGRID describes them (``docs/format/metadata.md``, 7.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from fst24 import Fst24File, Fst24Record

#: What the attribute Conventions says beside CF.
CONVENTION = "UGRID-1.0"
#: Plain names of the variables.
MESH, FACES = "Mesh", "mesh_face_nodes"
#: What their attribute cf_role says.
ROLES = ("mesh_topology", "face_node_connectivity")
_CORNERS = 3


def triangles(file: Fst24File, record: Fst24Record) -> npt.NDArray[np.int32] | None:
    """Nodes of the triangles of a mesh, counted from 0: (n, 3); None where ``##`` is not there."""
    found = file.find(nomvar="##", ip1=record.ig1, ip2=record.ig2, ip3=record.ig3)
    if found is None:
        return None
    nodes = found.decode().ravel("F").astype(np.int32)
    n_nodes = record.ni * record.nj
    if nodes.size % _CORNERS or nodes.size == 0 or nodes.min() < 0 or nodes.max() >= n_nodes:
        return None
    return nodes.reshape(-1, _CORNERS)


def mesh_variables(
    name: Callable[[str], str], faces: npt.NDArray[np.int32]
) -> Mapping[str, xr.Variable]:
    """The topology, and the nodes of each face."""
    topology = {
        "cf_role": "mesh_topology",
        "long_name": "mesh of triangles",
        "topology_dimension": 2,
        "node_coordinates": f"{name('lon')} {name('lat')}",
        "face_node_connectivity": name(FACES),
    }
    nodes = {
        "cf_role": "face_node_connectivity",
        "long_name": "nodes of each triangle",
        "start_index": np.int32(0),
    }
    return {
        name(MESH): xr.Variable((), np.int32(0), topology),
        name(FACES): xr.Variable((name("nFaces"), "Three"), faces, nodes),
    }
