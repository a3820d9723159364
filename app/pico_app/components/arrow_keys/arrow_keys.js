// Left and right arrows press two buttons of the page, by the class names that their keys give them.
// Wherever arrows mean something of their own (a field, a slider, a choice, a figure) they are left alone.

const OWN = "input, textarea, select, [contenteditable=true], [role=slider], [role=radio], [role=combobox], "
  + "[role=listbox], [role=option], [role=tab], [role=menu], [role=menuitem], [role=grid], .js-plotly-plot, canvas";

export default function ({ data, parentElement }) {
  const press = (name) => {
    const button = document.querySelector(`.st-key-${CSS.escape(name)} button`);
    if (button && !button.disabled) button.click();
  };
  const listen = (event) => {
    const name = { ArrowLeft: data.left, ArrowRight: data.right }[event.key];
    const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented);
    if (!name || !plain || !(event.target instanceof Element)) return;
    if (event.target.closest(OWN) && !event.target.closest(`.st-key-${CSS.escape(data.rail)}`)) return;
    event.preventDefault();
    press(name);
  };
  document.addEventListener("keydown", listen);
  const mark = parentElement.querySelector("span");
  mark.dataset.listening = "";
  return () => {
    document.removeEventListener("keydown", listen);
    delete mark.dataset.listening;
  };
}
