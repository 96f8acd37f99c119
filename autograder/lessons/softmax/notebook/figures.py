"""The lesson's two figures, each with a description for those who cannot see it."""

from __future__ import annotations

import io
from html import escape
from typing import Any

import matplotlib.pyplot as plt
import torch
from IPython.display import HTML, display


def show_steps() -> None:
    """Show three logits, their exponentials and their softmax as bars."""
    logits = torch.tensor([-1.0, 0.0, 2.0])
    steps = {
        "logits": logits,
        "exp(logits)": torch.exp(logits),
        "softmax(logits)": torch.softmax(logits, dim=0),
    }
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.8))
    for ax, (title, heights) in zip(axes, steps.items(), strict=True):
        bars = ax.bar(["0", "1", "2"], heights.tolist(), color="#1976d2")
        ax.bar_label(bars, fmt="%.2f", padding=2)
        ax.axhline(0, color="black", linewidth=1)
        ax.margins(y=0.2)
        ax.set_title(title)
    show(
        fig,
        "Three bar charts. The logits are -1, 0 and 2. Their exponentials are 0.37, 1.00 and "
        "7.39: all positive, in the same order, with the largest far ahead. Their softmax is "
        "0.04, 0.11 and 0.84: the same proportions, now adding up to 1.",
    )


def show_limit() -> None:
    """Show where exp gets larger than the largest float32."""
    z = torch.arange(0.0, 121.0, dtype=torch.float32)
    heights = torch.exp(z)
    fits = torch.isfinite(heights)
    largest = torch.finfo(torch.float32).max
    powers = [10.0**n for n in range(0, 45, 5)]

    fig, ax = plt.subplots(figsize=(7, 3.2))
    fig.subplots_adjust(bottom=0.18)
    ax.plot(z[fits].tolist(), heights[fits].tolist(), color="#1976d2", linewidth=2)
    ax.axhline(largest, color="black", linestyle="--", linewidth=1)
    ax.text(2, largest, "largest float32, 3.4e+38", va="bottom")
    ax.axvspan(88.72, 120, facecolor="none", edgecolor="#888888", hatch="//", linewidth=0)
    ax.text(104, 1e41, "exp(z) is inf", ha="center")
    ax.set(yscale="log", ylim=(1, 1e44), xlim=(0, 120), xlabel="z", ylabel="exp(z)")
    ax.set_yticks(powers, [f"{power:.0e}" for power in powers])
    ax.minorticks_off()
    show(
        fig,
        "The curve of exp(z) for z from 0 to 120, on a logarithmic axis. It reaches the "
        "largest float32, 3.4e+38, at z = 88.7. To the right of that a hatched area says "
        "that exp(z) is inf.",
    )


def show(figure: Any, alt: str) -> None:
    """Show a matplotlib figure as an SVG picture that is described by the text alt."""
    file = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "softmax"}):
        nothing = {"Date": None, "Creator": None}
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    plt.close(figure)
    # What is black is as the page's text is, in a dark theme too.
    ink = "var(--jp-content-font-color1, currentColor)"
    svg = file.getvalue().partition("<svg")[2].replace("#000000", ink)
    svg = f'<svg style="max-width: 100%; height: auto; fill: {ink}"' + svg
    display(HTML(f'<div role="img" aria-label="{escape(alt)}">{svg}</div>'))  # type: ignore[no-untyped-call]
