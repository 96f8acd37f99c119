"""Three sliders, and what a softmax function makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import torch


def explore(function: Callable[[torch.Tensor], Any]) -> Explorer:
    """Return sliders that move the outputs of a function of three logits."""
    return Explorer(function)


class Explorer(widgets.VBox):  # type: ignore[misc]
    """See above.

    Args:
        function: from a tensor of shape (3,) to the outputs, as a student has written it.
        start: the sliders' first values.

    """

    # ipywidgets gives a slider's handle no name that a screen reader could say. A picture that
    # cannot be loaded is how a widget has its page do it.
    NAMES = """<img hidden alt="" src="data:," onerror="(function name(image, tries) {
        const handles = image.closest('.widget-vbox')?.querySelectorAll('[role=slider]') ?? [];
        handles.forEach((handle, i) => handle.setAttribute('aria-label', `logit ${i}`));
        if (handles.length < 3 && tries) setTimeout(name, 100, image, tries - 1);
    })(this, 50)">"""

    def __init__(
        self,
        function: Callable[[torch.Tensor], Any],
        start: Sequence[float] = (1.0, 0.0, -1.0),
    ) -> None:
        self.function = function
        self.sliders: list[Any] = []
        rows = []
        self.picture, names = widgets.HTML(), widgets.HTML(self.NAMES, layout={"display": "none"})
        for i, value in enumerate(start):
            name = f"logit {i}"
            limits = {"value": value, "min": -2.0, "max": 2.0, "step": 0.1, "tooltip": name}
            box = widgets.BoundedFloatText(description=name, **limits)
            slider = widgets.FloatSlider(readout=False, **limits)
            exact = (float, lambda v: round(v, 2))  # not -0.3999999999999999
            widgets.link((box, "value"), (slider, "value"), transform=exact)
            slider.observe(self.redraw, names="value")
            self.sliders.append(slider)
            rows.append(widgets.HBox([box, slider], layout={"flex_flow": "row wrap"}))
        super().__init__([*rows, self.picture, names])
        self.redraw()

    def redraw(self, change: object = None) -> None:
        """Draw the outputs anew; called for each move of a slider."""
        self.logits = [float(slider.value) for slider in self.sliders]
        self.picture.value = picture_of(self.function, torch.tensor(self.logits))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return something that pages which cannot run Python show, too."""
        words = f"Logits {self.logits}. Run this cell to move the sliders."
        still = {"text/plain": words, "text/html": f"{self.picture.value}<p>{words}</p>"}
        return {**super()._repr_mimebundle_(**kwargs), **still}


def picture_of(function: Callable[[torch.Tensor], Any], logits: torch.Tensor) -> str:
    """Draw function(logits), or say that there is nothing to draw yet."""
    try:
        outputs = [float(v) for v in function(logits)]
    except Exception:  # the function may not be finished, and its own check tells why
        outputs = []
    if len(outputs) != len(logits):
        return "<p>No bars yet: this softmax does not give back three numbers so far.</p>"
    return bar_chart(outputs)


def bar_chart(outputs: Sequence[float]) -> str:
    """Return an SVG picture of three outputs, as bars on an axis from 0 to 1 or further."""
    alt = "; ".join(f"output {i} is {v:.4f}" for i, v in enumerate(outputs))
    ink = "var(--jp-content-font-color1, currentColor)"
    bars, axis = "", ""
    end = max([1.0, *(v for v in outputs if v < float("inf"))])  # of the axis
    for i, v in enumerate(outputs):
        length = 300 * min(v / end, 1) if v > 0 else 0
        bars += (
            f'<text x="66" y="{30 * i + 21}" text-anchor="end">output {i}</text>'
            f'<rect x="75" y="{30 * i + 5}" width="{length:.1f}" height="22" '
            'style="fill: var(--jp-brand-color1, #1976d2)"/>'
            f'<text x="385" y="{30 * i + 21}">{v:.4f}</text>'
        )
    for tick in (0, 0.25, 0.5, 0.75, 1):
        axis += (
            f'<path d="M{75 + 300 * tick} 0v98" style="stroke: {ink}; opacity: 0.3"/>'
            f'<text x="{75 + 300 * tick}" y="114" text-anchor="middle">{tick * end:.3g}</text>'
        )
    return (
        f'<svg role="img" aria-label="{alt}" viewBox="0 0 450 120" width="450" '
        f'style="max-width: 100%; fill: {ink}; font: 13px sans-serif">{axis}{bars}</svg>'
    )
