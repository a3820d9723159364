// Plotly draws its buttons and sliders for the mouse only. Here they get a place in the order of Tab, a role and a
// name, and keys do what the mouse does: the events are those that Plotly itself listens to. Streamlit's tables are
// drawn on a canvas that answers keys and has no name; it gets one here, too.

const BUTTON = ".updatemenu-button", SLIDER = ".slider-group", TICK = ".slider-tick-rect";
const RAIL = ".slider-rail-touch-rect";
const SOON = 150; // milliseconds after the last change of the page

const plotOf = (part) => part.closest(".js-plotly-plot");

const optionsOf = (slider) => {
  const place = [...plotOf(slider).querySelectorAll(SLIDER)].indexOf(slider);
  return plotOf(slider)._fullLayout?.sliders?.[place];
};

const tell = (slider) => {
  const options = optionsOf(slider);
  if (!options) return;
  const step = options.steps[options.active] ?? {};
  const said = { min: 1, max: options.steps.length, now: options.active + 1, text: step.label ?? "" };
  for (const [name, value] of Object.entries(said)) slider.setAttribute(`aria-value${name}`, value);
  slider.setAttribute("aria-label", (options.currentvalue?.prefix ?? "").trim().replace(/:$/, "") || "step");
};

const dress = () => {
  for (const button of document.querySelectorAll(`.js-plotly-plot ${BUTTON}:not([tabindex])`)) {
    button.setAttribute("tabindex", "0");
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", button.textContent.trim());
  }
  for (const slider of document.querySelectorAll(`.js-plotly-plot ${SLIDER}`)) {
    slider.setAttribute("tabindex", "0");
    slider.setAttribute("role", "slider");
    tell(slider);
  }
  for (const table of document.querySelectorAll("canvas[data-testid=data-grid-canvas]:not([aria-label])")) {
    table.setAttribute("aria-label", "Table; arrow keys go from cell to cell");
  }
};

const move = (slider, wanted) => {
  const ticks = slider.querySelectorAll(TICK), rail = slider.querySelector(RAIL);
  const tick = ticks[Math.min(ticks.length - 1, Math.max(0, wanted))];
  if (!tick || !rail) return;
  const box = tick.getBoundingClientRect(), height = rail.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: height.y + height.height / 2, view: window };
  rail.dispatchEvent(new MouseEvent("mousedown", at));
  plotOf(slider).dispatchEvent(new MouseEvent("mouseup", at));
  tell(slider);
};

export default function () {
  let waiting = 0;
  const watch = new MutationObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(dress, SOON);
  });
  const press = (event) => {
    if (!(event.target instanceof Element) || !plotOf(event.target)) return;
    const button = event.target.closest(BUTTON), slider = event.target.closest(SLIDER);
    if (button && (event.key === "Enter" || event.key === " ")) {
      button.dispatchEvent(new MouseEvent("click", { bubbles: true, view: window }));
    } else if (slider) {
      const now = optionsOf(slider)?.active ?? 0;
      const wanted = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, Home: 0 };
      if (event.key === "End") wanted.End = Infinity;
      if (!(event.key in wanted)) return;
      move(slider, wanted[event.key]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  watch.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("keydown", press, true);
  dress();
  return () => {
    clearTimeout(waiting);
    watch.disconnect();
    document.removeEventListener("keydown", press, true);
  };
}
