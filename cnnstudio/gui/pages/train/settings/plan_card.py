"""The training plan that suits a pretrained base and the pictures, in one click."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from cnnstudio.catalog.plans import PLANS, TrainingPlan
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.network.plans import SOURCE, follows, plan_advice, with_plan


class PlanCard(Card):
    """The advised plan with its reason; a button for each plan that the stages do not follow."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(title=tr("Training plan", "Plan de entrenamiento"), margins=(10, 10, 10, 10), spacing=8)
        self._session, self._counts = workspace.session, workspace.counts
        self._shown: object = None
        self._name = Label("", "body", wrap=True)
        self._reason = Label("", "secondary", "dim", wrap=True)
        self._buttons = column(spacing=4)
        self.body.addWidget(self._name)
        self.body.addWidget(self._reason)
        self.body.addWidget(box(self._buttons))

    def refresh(self) -> None:
        """Follow the project and its pictures."""
        project, bases = self._session.project, self._session.bases
        pictures, classes = self._counts.split_counts().get("train", 0), len(self._counts.class_names)
        advice = plan_advice(project, bases, pictures, classes) if pictures else None
        self.setVisible(advice is not None)
        if advice is None:
            return
        followed = [plan.id for plan in PLANS if follows(project, bases, plan, advice.line)]
        shown = (advice, tuple(followed))
        if shown == self._shown:
            return
        self._shown = shown
        self._name.setText(tr("For these pictures: {plan}", "Para estas imágenes: {plan}", plan=advice.plan.label))
        self._reason.setText(str(advice.reason))
        clear(self._buttons)
        for plan in sorted(PLANS, key=lambda plan: plan is not advice.plan):
            if plan.id in followed:
                self._buttons.addWidget(Label(tr("The stages follow the plan “{plan}”.", "Las etapas siguen el plan «{plan}».",
                                                 plan=plan.label), "secondary", "ok", wrap=True))
                continue
            button = Button(tr("Use “{plan}”", "Usar «{plan}»", plan=plan.label),
                            "" if plan is advice.plan else "link", tooltip=str(plan.help),
                            on_click=partial(self._take, plan, advice.line))
            self._buttons.addLayout(row(button, None))
        source = Button(tr("Where the numbers come from", "De dónde vienen los números"), "link", tooltip=SOURCE,
                        on_click=lambda: QDesktopServices.openUrl(QUrl(SOURCE)))
        self._buttons.addLayout(row(source, None))

    def _take(self, plan: TrainingPlan, line: str) -> None:
        self._session.edit(lambda project: with_plan(project, plan, line),
                           Text("Use the plan {name}", "Usar el plan {name}").fill(name=plan.label))
