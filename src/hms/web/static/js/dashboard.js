// Draw each chart from the table below it, in the colours of the moment: light, dark or paper.

const MOST_DRAWN = 10; // of charts whose bars lie down: a row a doctor
const styles = getComputedStyle(document.documentElement);
const colour = (name) => styles.getPropertyValue(`--${name}`).trim();
const drawn = [];

function series(table, lies) {
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows].slice(0, lies ? MOST_DRAWN : undefined);
  const labels = rows.map((row) => row.cells[0].textContent);
  const number = (cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value));
  const columns = heads.map((head, place) => ({ ...head.dataset, name: head.textContent, values: rows.map((row) => number(row.cells[place + 1])) }));
  return { labels, columns: columns.filter((column) => column.look !== "none") };
}

function dataset(column, mixed) {
  const line = column.look === "line" || column.look === "faint";
  const tone = colour(column.colour);
  return {
    type: line ? "line" : "bar",
    label: column.name,
    data: column.values,
    unit: column.unit,
    token: column.colour,
    order: line ? 0 : 1,
    yAxisID: mixed && column.unit === "%" ? "share" : undefined,
    backgroundColor: line ? "transparent" : tone,
    borderColor: tone,
    borderWidth: line ? 2 : 0,
    borderDash: column.look === "faint" ? [3, 4] : [],
    pointRadius: line && column.look !== "faint" && column.values.length < 40 ? 2.5 : 0,
    pointBackgroundColor: tone,
    spanGaps: true,
    maxBarThickness: 36,
  };
}

function axes(rows, lies, stacked, mixed, units) {
  const scale = (more) => ({ stacked, beginAtZero: true, grid: { color: colour("line") }, ticks: { color: colour("muted"), ...more } });
  const unit = units.size === 1 ? [...units][0] : "";
  const values = scale({ precision: unit ? undefined : 0, callback: (value) => `${value.toLocaleString("en")}${unit === "%" ? "%" : unit && ` ${unit}`}` });
  const labels = { ...scale({ autoSkip: !lies && rows > 12, maxRotation: 50 }), grid: { display: false } };
  const both = lies ? { y: labels, x: values } : { x: labels, y: values };
  if (!mixed) return both;
  const share = { ...scale({ callback: (value) => `${value}%` }), position: "right", stacked: false, grid: { display: false } };
  both.y.ticks.callback = (value) => value.toLocaleString("en");
  return { ...both, share };
}

function settings(table, lies) {
  const { labels, columns } = series(table, lies);
  const units = new Set(columns.map((column) => column.unit));
  const mixed = units.size > 1;
  const stacked = columns.some((column) => column.look === "stack");
  return {
    type: "bar",
    data: { labels, datasets: columns.map((column) => dataset(column, mixed)) },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: lies ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: lies ? "y" : "x" },
      scales: axes(labels.length, lies, stacked, mixed, units),
      plugins: {
        legend: { position: "bottom", labels: { color: colour("ink"), boxWidth: 14, boxHeight: 10 } },
        tooltip: { callbacks: { label: (one) => `${one.dataset.label}: ${one.formattedValue}${one.dataset.unit === "%" ? "%" : one.dataset.unit && ` ${one.dataset.unit}`}` } },
      },
    },
  };
}

function draw(canvas) {
  const table = document.getElementById(canvas.dataset.chart);
  canvas.parentElement.hidden = false;
  const lies = "lies" in canvas.dataset;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawn.push({ table, lies, chart: new Chart(canvas, settings(table, lies)) });
}

function redraw() {
  for (const { table, lies, chart } of drawn) {
    const { data, options } = settings(table, lies);
    Object.assign(chart, { data, options });
    chart.resize();
    chart.update();
  }
}

document.querySelectorAll("canvas[data-chart]").forEach(draw);
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);
addEventListener("beforeprint", redraw);
addEventListener("afterprint", redraw);

// A meaning that is in the way goes by Escape, until the word is left.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll(".term:hover, .term:focus-within").forEach((term) => {
    term.classList.add("quiet-now");
    const again = () => term.classList.remove("quiet-now");
    term.addEventListener("mouseleave", again, { once: true });
    term.addEventListener("focusout", again, { once: true });
  });
});
