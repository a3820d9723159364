// The mark of the column that is looked at, laid over a figure that stays as it is: a browser draws hundreds of bars
// anew for a third of a second, a ring and a number at once. A click on a column is sent to the server.

const graphOf = (key) => document.querySelector(`.st-key-${CSS.escape(key)} .js-plotly-plot`);

// Whether the figure shows this mark: Streamlit draws its own copy of it anew when the theme changes.
const shows = (graph, mark) => {
  const ring = graph.layout?.shapes?.[0], number = graph.layout?.annotations?.[0];
  return ring?.xanchor === mark.shape.xanchor && ring?.yanchor === mark.shape.yanchor
    && ring?.line?.color === mark.shape.line.color && number?.text === mark.annotation.text;
};

// Field by field where a mark is there: a whole item would be put before it. And no whole list: all would be drawn anew.
const step = (graph, { shape, annotation }) =>
  graph.layout?.shapes?.length && graph.layout?.annotations?.length
    ? {
        "shapes[0].xanchor": shape.xanchor,
        "shapes[0].yanchor": shape.yanchor,
        "shapes[0].line.color": shape.line.color,
        "annotations[0].x": annotation.x,
        "annotations[0].y": annotation.y,
        "annotations[0].text": annotation.text,
        "annotations[0].font.color": annotation.font.color,
      }
    : { "shapes[0]": shape, "annotations[0]": annotation };

const ends = new WeakMap(); // how to take leave of the figure, for as long as the element lives

export default function ({ parentElement, data, setTriggerValue }) {
  ends.get(parentElement)?.();
  const marks = JSON.parse(data); // by the key of the figure; one of them is on the page
  let graph = null, mark = null, laying = false;

  const lay = () => {
    if (laying || !graph?.isConnected || !graph._fullLayout || !window.Plotly || shows(graph, mark)) return;
    laying = true;
    window.Plotly.relayout(graph, step(graph, mark))
      .finally(() => { laying = false; });
  };
  const picked = (event) => {
    const told = event?.points?.[0]?.customdata; // of a column: its number, its title, its planted truth
    if (told?.length === 3 && /^\d+$/.test(told[0])) setTriggerValue("picked", Number(told[0]));
  };
  const leave = () => {
    graph?.removeListener?.("plotly_click", picked);
    graph?.removeListener?.("plotly_afterplot", lay);
    graph = null;
  };
  const find = () => {
    const key = Object.keys(marks).find(graphOf), found = key && graphOf(key);
    if (found && found !== graph && found.on && found._fullLayout) {
      leave();
      [graph, mark] = [found, marks[key]];
      graph.on("plotly_click", picked);
      graph.on("plotly_afterplot", lay);
    }
    if (graph) lay();
  };
  const watch = new MutationObserver(find);
  watch.observe(document.body, { childList: true, subtree: true });
  find();
  const end = () => {
    watch.disconnect();
    leave();
  };
  ends.set(parentElement, end);
  return end;
}
