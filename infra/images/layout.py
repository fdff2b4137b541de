"""Reads an image in an OCI layout (image-spec 1.1): what it is, and its files.

usage: layout.py FOLDER FUNCTION     writes FOLDER/digest and the bill of materials beside FOLDER/oci, and prints digest and sizes.
"""

import gzip
import io
import json
import pathlib
import shutil
import sys
import tarfile


class Layout:
    """The image in a folder that has `oci-layout`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.digest = json.loads((self.folder / "index.json").read_text())["manifests"][0]["digest"]
        self.manifest = json.loads(self.blob(self.digest).read_text())
        self.image = json.loads(self.blob(self.manifest["config"]["digest"]).read_text())

    def blob(self, digest):
        return self.folder / "blobs" / digest.replace(":", "/")

    @property
    def config(self):
        """User, Entrypoint, Labels, StopSignal …"""
        return self.image["config"]

    @property
    def packed(self):
        """Bytes of the layers as a registry keeps them and a machine fetches them."""
        return sum(layer["size"] for layer in self.manifest["layers"])

    def layers(self):
        """The layers, in order, as tar files."""
        for layer in self.manifest["layers"]:
            data = self.blob(layer["digest"]).read_bytes()
            yield tarfile.open(fileobj=io.BytesIO(gzip.decompress(data) if layer["mediaType"].endswith("gzip") else data))

    @property
    def unpacked(self):
        """Bytes of all files. No layer of these images replaces what another one has."""
        return sum(member.size for layer in self.layers() for member in layer if member.isreg())

    def text(self, path):
        """A text file of the image; nil if there is none."""
        for layer in self.layers():
            for member in layer:
                if member.name.strip("./") == path.strip("/"):
                    return layer.extractfile(member).read().decode()
        return None

    def unpack(self, folder):
        """Writes the image's files to a new folder, of the owners that they have in the image where this user may."""
        shutil.rmtree(folder, ignore_errors=True)
        pathlib.Path(folder).mkdir(parents=True, mode=0o755)
        for layer in self.layers():
            layer.extractall(folder, numeric_owner=True)


def main():
    folder, function = pathlib.Path(sys.argv[1]), sys.argv[2]
    layout = Layout(folder / "oci")
    name = f"headgate-{function}.spdx.json"
    (folder / name).write_text(layout.text(f"/usr/share/sbom/{name}"))
    (folder / "digest").write_text(layout.digest + "\n")
    print(f"{function:15} {layout.digest}  {layout.packed / 1e6:.1f} MB packed, {layout.unpacked / 1e6:.1f} MB unpacked", flush=True)


if __name__ == "__main__":
    main()
