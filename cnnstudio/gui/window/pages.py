"""The area of the pages: side panel, centre under its banners, inspector. Pages are created on their first visit."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages import PageEntry, load_page
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.changes import EVERYTHING, Change
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Stack, box, column, scroll_area
from cnnstudio.gui.widgets.cards import Banners
from cnnstudio.gui.widgets.splitter import Splitter

_NARROWEST_SIDE = 180
_ROOMY = 380
"""Below this width in pixels most pages are cut off, while the panels beside them can still give some."""


class PageArea(Splitter):
    """Shows one page at a time, and collects changes for the others until they are visited."""

    page_made = Signal(object)
    """A page was created, with all its widgets; it is shown next."""
    page_shown = Signal(str)
    """Another page is visible; it is refreshed next."""
    header_changed = Signal()
    """Heading, subtitle or actions of the current page may have changed."""
    fix_chosen = Signal(object)
    """A fix of a banner was chosen."""

    def __init__(self, workspace: Workspace, entries: tuple[PageEntry, ...], parent: QWidget | None = None) -> None:
        before = workspace.session.recall("panels") or (tokens.SIDE_WIDTH, 0, tokens.INSPECTOR_WIDTH)
        super().__init__(1, (before[0], 0, before[-1]), parent, roomy=_ROOMY)
        self._workspace, self._session, self._entries = workspace, workspace.session, entries
        self._pages: dict[str, Page] = {}
        self._stale: dict[str, Change] = {}
        self._current = "start"
        self._sides, self._inspectors, self._centres = Stack(), Stack(), Stack()
        self._banners = Banners()
        self._banners.fix_chosen.connect(self.fix_chosen)
        for stack, name in ((self._sides, "side"), (self._centres, "centre"), (self._inspectors, "inspector")):
            holder: QWidget = stack
            if name == "centre":
                holder = self.centre = box(column(self._banners, stack, spacing=0))
            holder.setObjectName(name)
            holder.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self.addWidget(holder)
        self._sides.setMinimumWidth(_NARROWEST_SIDE)
        self._inspectors.setMinimumWidth(240)
        self.widths_changed.connect(lambda widths: self._session.remember("panels", (widths[0], 0, widths[2])))

    # Pages ---------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Page]:
        """The visited pages."""
        return iter(self._pages.values())

    @property
    def current(self) -> Page:
        """The current page."""
        return self._pages[self._current]

    def keep(self) -> None:
        """Let every page write its unsaved input into the project."""
        for page in self:
            page.keep()

    def close_pages(self) -> None:
        """Stop the pages' timers and threads; they will be deleted."""
        for page in self:
            page.close()
            page.deleteLater()
        self._pages.clear()
        self._stale.clear()

    def can_show(self, identifier: str) -> bool:
        """Whether the page exists, and a project is open where it needs one."""
        entry = next((entry for entry in self._entries if entry.id == identifier), None)
        return entry is not None and (self._session.is_open or not entry.needs_project)

    def go(self, identifier: str) -> bool:
        """Show a page; False where `can_show` is."""
        if not self.can_show(identifier):
            return False
        if identifier != self._current or identifier not in self._pages:
            if self._current in self._pages:
                self._pages[self._current].leave()
            self._show(identifier)
        return True

    def _show(self, identifier: str) -> None:
        page = self._page(identifier)
        self._current = identifier
        self._centres.setCurrentIndex(list(self._pages).index(identifier))
        for stack in (self._sides, self._inspectors):
            panels = [stack.widget(index) for index in range(stack.count())]
            holder = next((panel for panel in panels if panel is not None and panel.property("page") == identifier), None)
            stack.setVisible(holder is not None and (page.needs_inspector if stack is self._inspectors else page.needs_side))
            if holder is not None and stack is self._sides:
                stack.setMinimumWidth(_side_width(holder))
            if holder is not None:
                stack.setCurrentWidget(holder)
        self.restore_widths()
        self.page_shown.emit(identifier)
        change = self._stale.pop(identifier, None)
        page.refresh(change if change is not None else Change(frozenset()))
        # The focus starts in the page, not on the rail: a ring shows only after Tab.
        self.setFocus()
        page.enter()
        self.update_banners()
        self.header_changed.emit()

    def _page(self, identifier: str) -> Page:
        """The page, created on its first visit."""
        if identifier not in self._pages:
            entry = next(entry for entry in self._entries if entry.id == identifier)
            page = load_page(entry)(self._workspace, self)
            page.header_changed.connect(self._on_header_changed)
            page.side_changed.connect(self._on_side_changed)
            self._pages[identifier] = page
            self._centres.addWidget(page.centre())
            for stack, panel in ((self._sides, page.side()), (self._inspectors, page.inspector())):
                if panel is not None:
                    holder = scroll_area(panel) if not panel.property("scrolls") else panel
                    holder.setProperty("page", identifier)
                    stack.addWidget(holder)
            self._stale[identifier] = Change(EVERYTHING)
            self.page_made.emit(page)
        return self._pages[identifier]

    # Changes -------------------------------------------------------------------------------------

    def show_change(self, change: Change) -> None:
        """Show a change on the current page, and keep it for the others."""
        if change.of("folder"):
            for identifier in self._pages:
                self._stale[identifier] = Change(EVERYTHING)
            if not self.can_show(self._current):
                self.go("start")
        for identifier in self._pages:
            if identifier != self._current:
                self._stale[identifier] = self._stale.get(identifier, Change(frozenset())) | change
        self._stale.pop(self._current, None)
        self.current.refresh(change)
        self.update_banners()
        self.header_changed.emit()

    def update_banners(self) -> None:
        """Show the problems that block the current page."""
        self._banners.show_problems(self.current.blocking_problems())

    def _on_side_changed(self) -> None:
        if self.sender() is self.current:
            self._sides.setVisible(self.current.needs_side)
            self._inspectors.setVisible(self.current.needs_inspector)
            self.restore_widths()

    def _on_header_changed(self) -> None:
        if self.sender() is self.current:
            self.header_changed.emit()
            self.update_banners()


def _side_width(holder: QWidget) -> int:
    """The width that the left panel of a page needs, so that nothing is clipped at the right."""
    content = holder.widget() if isinstance(holder, QScrollArea) else None
    if not isinstance(holder, QScrollArea) or content is None:
        return _NARROWEST_SIDE
    bar = holder.verticalScrollBar().sizeHint().width()
    return min(tokens.SIDE_WIDTH, max(_NARROWEST_SIDE, content.minimumSizeHint().width() + bar))
