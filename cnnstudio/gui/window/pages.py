"""The area of the pages: side panel, centre under its banners, inspector. Pages are created on their first visit."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages import PageEntry, load_page
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.changes import EVERYTHING, Change
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.areas import sideways_area
from cnnstudio.gui.widgets.basics import Stack, box, column, scroll_area
from cnnstudio.gui.widgets.cards import Banners
from cnnstudio.gui.widgets.splitter import GRIP, Splitter

_NARROWEST_SIDE = 180
_NARROWEST_INSPECTOR = 240
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
    folded_changed = Signal(str)
    """The panel that is folded away: "side", "inspector", or none of them."""

    def __init__(self, workspace: Workspace, entries: tuple[PageEntry, ...], parent: QWidget | None = None) -> None:
        before = workspace.session.recall("panels") or (tokens.SIDE_WIDTH, 0, tokens.INSPECTOR_WIDTH)
        super().__init__(1, (before[0], 0, before[-1]), parent, roomy=_ROOMY)
        self._workspace, self._session, self._entries = workspace, workspace.session, entries
        self._pages: dict[str, Page] = {}
        self._stale: dict[str, Change] = {}
        self._current = "start"
        self._folded, self._preferred = "", "side"
        self._sides, self._inspectors, self._centres = Stack(), Stack(), Stack()
        self._banners = Banners()
        self._banners.fix_chosen.connect(self.fix_chosen)
        for stack, name in ((self._sides, "side"), (self._centres, "centre"), (self._inspectors, "inspector")):
            holder: QWidget = stack
            if name == "centre":
                holder = self.centre = box(column(self._banners, sideways_area(stack), spacing=0))
            holder.setObjectName(name)
            holder.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self.addWidget(holder)
        self._sides.setMinimumWidth(_NARROWEST_SIDE)
        self._inspectors.setMinimumWidth(_NARROWEST_INSPECTOR)
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
            holder = self._holder(stack)
            if holder is not None:
                least, most = ((_NARROWEST_SIDE, tokens.SIDE_WIDTH) if stack is self._sides else
                               (_NARROWEST_INSPECTOR, tokens.INSPECTOR_WIDTH))
                stack.setMinimumWidth(_panel_width(holder, least, most))
                stack.setCurrentWidget(holder)
        self._show_panels()
        self.page_shown.emit(identifier)
        change = self._stale.pop(identifier, None)
        page.refresh(change if change is not None else Change(frozenset()))
        # The focus starts in the page, not on the rail: a ring shows only after Tab.
        self.setFocus()
        page.enter()
        self.update_banners()
        self.header_changed.emit()

    # Panels --------------------------------------------------------------------------------------

    def unfold(self, panel: str) -> None:
        """Show the panel that is folded away ("side" or "inspector") in place of the other one."""
        self._preferred = panel
        self._show_panels()

    def focus_panel(self, panel: str) -> None:
        """Put the focus on the first part of a panel that takes it."""
        stack = self._sides if panel == "side" else self._inspectors
        stack.setFocus()
        stack.focusNextChild()

    def _show_panels(self) -> None:
        """Show the panels that the page needs; of two the preferred one where the window has no room for both."""
        page = self.current
        shown = {"side": self._holder(self._sides) is not None and page.needs_side,
                 "inspector": self._holder(self._inspectors) is not None and page.needs_inspector}
        folded = ""
        if all(shown.values()) and not self._has_room_for_both():
            folded = "inspector" if self._preferred == "side" else "side"
            shown[folded] = False
        self._sides.setVisible(shown["side"])
        self._inspectors.setVisible(shown["inspector"])
        if folded != self._folded:
            self._folded = folded
            self.folded_changed.emit(folded)
        self.restore_widths()

    def _holder(self, stack: Stack) -> QWidget | None:
        """The panel of the current page in a stack, if it has one there."""
        panels = [stack.widget(index) for index in range(stack.count())]
        return next((panel for panel in panels if panel is not None and panel.property("page") == self._current), None)

    def _has_room_for_both(self) -> bool:
        # Nothing has its width before it is shown.
        least = self._sides.minimumWidth() + self._inspectors.minimumWidth() + _ROOMY + 2 * GRIP
        return not self.isVisible() or self.width() >= least

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._current in self._pages and event.size().width() != event.oldSize().width():
            self._show_panels()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        if self._current in self._pages:
            self._show_panels()
        super().showEvent(event)

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
            self._show_panels()

    def _on_header_changed(self) -> None:
        if self.sender() is self.current:
            self.header_changed.emit()
            self.update_banners()


def _panel_width(holder: QWidget, least: int, most: int) -> int:
    """The width that a panel of a page needs, so that nothing is clipped at the right."""
    content = holder.widget() if isinstance(holder, QScrollArea) else None
    if not isinstance(holder, QScrollArea) or content is None:
        return least
    bar = holder.verticalScrollBar().sizeHint().width()
    return min(most, max(least, content.minimumSizeHint().width() + bar))
