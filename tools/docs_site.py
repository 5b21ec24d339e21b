"""What the site of the documentation has beyond mkdocs.yml, which names this file under ``hooks``.

The site mirrors the repository: pages keep their places, and whatever file a page links to is
copied along, so links are those of a checkout. The reference follows from what the packages call
public. A page that loads anything from elsewhere fails the build.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

import plurigrid_ff

ROOT = Path(__file__).resolve().parent.parent
HOME = "plurigrid_ff"
PACKAGES = ("callbacks", "jax_backend", "testing")  # beside the package itself, with an __all__
MODULES = ("host.hookspecs", "host.ports")  # all of it is for plugins
LINK = re.compile(r"\[([^][]*(?:\[[^][]*\])?[^][]*)\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")
ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):<code>~?(?:[\w.]+\.)?(\w+)</code>")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add to the navigation what it does not name: new pages of docs, and the reference."""
    assert config.nav is not None  # noqa: S101 - mkdocs.yml has one
    named = set(leaves(config.nav))
    new = [f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md"))]
    group(config.nav, "Guides").extend(page for page in new if page not in named)
    group(config.nav, "Reference").extend(f"reference/{name}.md" for name in reference())
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put pages at their places in the repository, with the files that they link to."""
    kept = [file for file in files if file.src_dir != config.docs_dir]
    assert config.nav is not None  # noqa: S101 - mkdocs.yml has one
    todo = [name for name in leaves(config.nav) if not name.startswith("reference/")]
    mirrored: dict[str, File] = {}
    while todo:
        name = todo.pop()
        if name in mirrored:
            continue
        path = ROOT / name
        mirrored[name] = File.generated(config, name, abs_src_path=str(path))
        if path.suffix == ".md":
            todo += linked_files(path)
    pages = {"reference/index.md": reference_index()}
    pages |= {f"reference/{name}.md": text for name, text in reference().items()}
    written = [File.generated(config, name, content=text) for name, text in pages.items()]
    return Files([*kept, *mirrored.values(), *written])


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Take links to folders away, which are pages in a checkout only."""
    folder = (ROOT / page.file.src_uri).parent

    def kept(link: re.Match[str]) -> str:
        return link[1] if (folder / link[2]).is_dir() else link[0]

    return LINK.sub(kept, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Show the roles of docstrings as code."""
    return ROLE.sub(r"<code>\1</code>", html)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that loads anything from elsewhere.

    Raises:
        PluginError: The first page that does, and what.
    """
    for path in sorted(Path(config.site_dir).rglob("*")):
        if path.suffix in (".html", ".css"):
            text = path.read_text("utf-8")
            for address in loaded_by(text) if path.suffix == ".html" else imported_by(text):
                raise PluginError(
                    f"{path}: expected a page that works offline, but it loads {address}; keep a "
                    "copy in docs, or leave it out"
                )


def leaves(nav: Any) -> Iterator[str]:
    """Yield every page that a navigation names."""
    if isinstance(nav, str):
        yield nav
    else:
        for item in nav.values() if isinstance(nav, dict) else nav:
            yield from leaves(item)


def group(nav: list[Any], title: str) -> list[Any]:
    """Return the pages of a group of the navigation."""
    pages: list[Any]
    (pages,) = (item[title] for item in nav if title in item)
    return pages


def linked_files(page: Path) -> list[str]:
    """Return the files of the repository that a page links to, relative to its root."""
    targets = (page.parent / link[2] for link in LINK.finditer(page.read_text("utf-8")))
    return [str(path.resolve().relative_to(ROOT)) for path in targets if path.is_file()]


def reference() -> dict[str, str]:
    """Return the pages of the reference by name: one per module that public names live in."""
    homes: dict[str, list[str]] = {}
    for name in plurigrid_ff.__all__:
        if (home := plurigrid_ff._HOMES[name]) not in MODULES:
            homes.setdefault(home, []).append(name)
    pages = {}
    for home in sorted({home.partition(".")[0] for home in homes}):
        held = sorted((m, names) for m, names in homes.items() if m.partition(".")[0] == home)
        text = [f"# {home}\n\nImported from `{HOME}` itself.\n"]
        text += [f"::: {HOME}.{module}.{name}\n" for module, names in held for name in names]
        pages[home] = "\n".join(text)
    for package in PACKAGES:
        public = public_names(ROOT / HOME / package / "__init__.py")
        text = [f"# {HOME}.{package}\n\n::: {HOME}.{package}\n    options: {{members: false}}\n"]
        text += [f"::: {HOME}.{package}.{name}\n" for name in public]
        pages[package] = "\n".join(text)
    for module in MODULES:
        name = module.rpartition(".")[2]
        pages[name] = f"# {HOME}.{module}\n\n::: {HOME}.{module}\n"
    return pages


def public_names(module: Path) -> list[str]:
    """Return ``__all__`` of a module without importing it, or what it needs."""
    (names,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(module.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    return list(names)


def reference_index() -> str:
    """Return the first page of the reference: every public name, linked."""
    names = (f"- [`{n}`][{HOME}.{plurigrid_ff._HOMES[n]}.{n}]" for n in plurigrid_ff.__all__)
    others = (f"- [`{HOME}.{name}`]({name}.md)" for name in PACKAGES)
    modules = (f"- [`{HOME}.{name}`]({name.rpartition('.')[2]}.md)" for name in MODULES)
    return "\n".join(
        [f"# Reference\n\nFrom `{HOME}`:\n", *names, "\nPackages and modules:\n", *others, *modules]
    )


class Loads(HTMLParser):
    """Collects the addresses that a browser fetches without being asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of anything but a link to follow."""
        held = dict(attrs)
        if tag != "a":
            self.addresses += [held[name] or "" for name in ("src", "href") if name in held]


def loaded_by(html: str) -> list[str]:
    """Return what a page loads from elsewhere."""
    parser = Loads()
    parser.feed(html)
    return [found for found in parser.addresses if re.match(r"(https?:)?//", found)]


def imported_by(css: str) -> list[str]:
    """Return what a style sheet loads from elsewhere."""
    return re.findall(r"url\([\"']?((?:https?:)?//[^)\"']+)", css)
