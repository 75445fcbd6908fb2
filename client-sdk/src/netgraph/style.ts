/**
 * The net graph's style sheet. It is adopted by its shadow root: the page's own cannot reach inside, important rules for the host win over the page's,
 * and a content security policy without 'unsafe-inline' allows it.
 */
export const styleSheet = `
:host {
  all: initial !important;
  position: fixed !important;
  inset: var(--net-graph-inset, 12px auto auto 12px) !important;
  direction: ltr !important;
  z-index: 2147483000 !important;
  display: block !important;
  box-sizing: border-box !important;
  width: min(336px, calc(100vw - 24px)) !important;
  padding: 8px 10px 9px !important;
  border: 1px solid rgba(150, 166, 205, 0.16) !important;
  border-radius: 10px !important;
  background: rgba(9, 12, 20, 0.94) !important;
  box-shadow: 0 8px 30px rgba(0, 0, 0, 0.38) !important;
  color: #e9eef8 !important;
  font: 500 11px/1.3 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif !important;
  font-variant-numeric: tabular-nums !important;
  pointer-events: none !important;
  user-select: none !important;
  -webkit-user-select: none !important;
}
:host([hidden]), [hidden] { display: none !important; }
canvas { display: block; width: 100%; }
fieldset {
  all: unset;
  display: grid;
  gap: 2px;
  margin-top: 7px;
  padding-top: 7px;
  border-top: 1px solid rgba(150, 166, 205, 0.16);
  pointer-events: auto;
  cursor: default;
}
p { display: flex; align-items: center; gap: 6px; margin: 0 0 3px; color: #93a0ba; }
p span { flex: 1; }
label { display: grid; grid-template-columns: 74px 1fr 66px; align-items: center; gap: 8px; height: 19px; color: #93a0ba; }
output { text-align: right; font-weight: 600; color: #e9eef8; }
label[data-set] output { color: #f0ba6c; }
button {
  all: unset;
  box-sizing: border-box;
  padding: 2px 9px;
  border: 1px solid rgba(150, 166, 205, 0.26);
  border-radius: 6px;
  background: rgba(150, 166, 205, 0.08);
  color: #e9eef8;
  font-weight: 600;
  cursor: pointer;
}
button:hover { background: rgba(150, 166, 205, 0.2); }
button:focus-visible, input:focus-visible { outline: 2px solid #7db8ff; outline-offset: 1px; }
input {
  appearance: none;
  -webkit-appearance: none;
  width: 100%;
  min-width: 0;
  height: 18px;
  margin: 0;
  border-radius: 4px;
  background: transparent;
  cursor: pointer;
}
input::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: rgba(150, 166, 205, 0.3); }
input::-moz-range-track { height: 3px; border-radius: 2px; background: rgba(150, 166, 205, 0.3); }
input::-webkit-slider-thumb {
  -webkit-appearance: none;
  width: 12px;
  height: 12px;
  margin-top: -4.5px;
  border-radius: 50%;
  background: #cfd9ee;
}
input::-moz-range-thumb { width: 12px; height: 12px; border: 0; border-radius: 50%; background: #cfd9ee; }
label[data-set] input::-webkit-slider-thumb { background: #f0ba6c; }
label[data-set] input::-moz-range-thumb { background: #f0ba6c; }
`
