"""What comes along with the frozen programs: their licences as THIRD-PARTY.txt and the list of components for audits.

Both are made from the files that are really inside. A library under the GPL ends the build, and so does one whose licence
nobody has looked at yet.
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Part(NamedTuple):
    """A library that comes along."""

    name: str
    version: str
    licence: str
    url: str
    text: str


def describe(inside: Path, pyinstaller: Path, rules: Mapping[str, Any], version: str) -> None:
    """Write both files beside the resources below `inside`. `pyinstaller` is the folder that it worked in."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    parts = find_parts(pyinstaller, rules)
    if fault := licence_fault(parts, (file.name for file in inside.rglob("*")), rules):
        sys.exit(fault)
    line = "=" * 79
    text = "\n".join([f"CNN Studio {version} comes with these libraries, each under its own licence.\n",
                      *(f"{part.name} {part.version}: {part.licence}" for part in parts),
                      *(f"\n{line}\n{part.name} {part.version} ({part.licence})\n{line}\n\n{part.text}" for part in parts)])
    bill = components(parts, version)
    if (wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill)) is not None:
        sys.exit(f"The list of components is not valid: {wrong}")
    (inside / "cnnstudio" / "resources" / "THIRD-PARTY.txt").write_text(text, "utf-8")
    (inside / "cnnstudio" / "resources" / "sbom.cdx.json").write_text(bill, "utf-8")


def components(parts: Iterable[Part], version: str) -> str:
    """The list of components as CycloneDX; the same parts at the same time give the same text."""
    listed = [{"type": "library", "bom-ref": part.url, "name": part.name, "version": part.version, "purl": part.url,
               "licenses": [{"license": {"name": part.licence}}]} for part in parts]
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"])))
    program = {"type": "application", "name": "cnnstudio", "version": version, "licenses": [{"license": {"id": "Apache-2.0"}}]}
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
                       "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(listed))}",
                       "metadata": {"timestamp": made, "component": program}, "components": listed}, indent=1)


def find_parts(pyinstaller: Path, rules: Mapping[str, Any]) -> list[Part]:
    """Python, every distribution with a module or a file inside, and the system's libraries that were collected."""
    from PyInstaller.archive.readers import ZlibArchiveReader

    owners = {str(dist.locate_file(file)): dist for dist in importlib.metadata.distributions() for file in dist.files or ()}
    collected = ast.literal_eval((pyinstaller / "COLLECT-00.toc").read_text("utf-8"))[0]
    modules = {name.partition(".")[0] for file in pyinstaller.glob("PYZ-*.pyz") for name in ZlibArchiveReader(str(file)).toc}
    providers = importlib.metadata.packages_distributions()
    providing = (name for module in modules for name in providers.get(module, ()))
    names = {"pyinstaller", *(importlib.metadata.distribution(name).metadata["Name"] for name in providing),
             *(owners[source].metadata["Name"] for _target, source, _kind in collected if source in owners)}
    parts = [Part("Python", platform.python_version(), "PSF-2.0", f"pkg:generic/python@{platform.python_version()}",
                  _texts([Path(os.__file__).parent / "LICENSE.txt"]))]
    parts += [_python_part(name, rules) for name in sorted(names - {"cnnstudio"}, key=str.casefold)]
    ours = tuple({form for path in (sys.prefix, sys.base_prefix, pyinstaller) for form in (str(path), os.path.realpath(path))})
    system = {source for _target, source, kind in collected if sys.platform == "linux" and kind == "BINARY"
              and not source.startswith(ours) and not os.path.realpath(source).startswith(ours)}
    return parts + [_debian_part(package, rules) for package in sorted({_package_of(file) for file in system})]


def _python_part(name: str, rules: Mapping[str, Any]) -> Part:
    dist = importlib.metadata.distribution(name)
    known = [text.rpartition(" :: ")[2] for text in dist.metadata.get_all("Classifier", []) if text.startswith("License ::")]
    licence = (rules["chosen"].get(name) or dist.metadata["License-Expression"] or ", ".join(known)
               or (dist.metadata["License"] or "").partition("\n")[0])
    files = (Path(str(dist.locate_file(file))) for file in dist.files or () if re.search(
        r"(licen[cs]e|copying|notice|copyright)[^/]*$", str(file), re.I) and file.suffix not in (".py", ".pyc"))
    return Part(name, dist.version, licence, f"pkg:pypi/{name.lower()}@{dist.version}", _texts(files))


def _debian_part(package: str, rules: Mapping[str, Any]) -> Part:
    version = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}\n", package], text=True).splitlines()[0]
    return Part(package, version, rules["system"].get(package, ""), f"pkg:deb/debian/{package}@{version}",
                _texts([Path("/usr/share/doc") / package / "copyright"]))


def _texts(files: Iterable[Path]) -> str:
    return "\n\n".join(dict.fromkeys(file.read_text("utf-8", "replace").strip() for file in files if file.is_file()))


def _package_of(file: str) -> str:
    for name in (file, file.removeprefix("/usr"), os.path.realpath(file), os.path.realpath(file).removeprefix("/usr")):
        if found := subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False).stdout:
            return found.partition(":")[0]
    sys.exit(f"No package owns {file}: its licence is not known.")


def licence_fault(parts: Iterable[Part], files: Iterable[str], rules: Mapping[str, Any]) -> str:
    """What must not come along, or has a licence that nobody has looked at yet; "" where all is well."""
    unknown = [part.name for part in parts if not part.licence]
    refused = [f"{part.name} ({part.licence})" for part in parts if part.name not in rules["with_exception"]
               and re.search(r"(?<!L)GPL|(?<!Lesser )General Public", part.licence)]
    refused += [name for name in files if re.search(rules["refused_files"], name)]
    return f"Must not come along: {refused}. Licence unknown, see build.toml: {unknown}." if unknown or refused else ""
