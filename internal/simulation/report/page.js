// A cursor through all pictures that share their axis, and the figures of that moment above them.
(function () {
  "use strict";
  var samples = JSON.parse(document.getElementById("samples").textContent);
  var readout = document.getElementById("readout");
  var figures = Array.from(document.querySelectorAll("figure.shared"));
  var last = samples.times.length - 1;
  var present = -1;

  function show(i) {
    present = Math.max(0, Math.min(last, i));
    var part = Math.min(1, (present + 0.5) / samples.duration);
    var x = 1000 * (samples.left + part * (samples.right - samples.left));
    figures.forEach(function (f) {
      var cursor = f.querySelector(".cursor");
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    });
    readout.textContent = "";
    var when = document.createElement("b");
    when.textContent = samples.times[present];
    readout.append(when);
    samples.names.forEach(function (name, k) {
      readout.append("  ·  " + samples.rows[k][present].toLocaleString("en") + " " + name);
    });
  }

  figures.forEach(function (f) {
    f.addEventListener("pointermove", function (e) {
      var box = f.querySelector("svg").getBoundingClientRect();
      var part = (e.clientX - box.left) / box.width;
      show(Math.floor((part - samples.left) / (samples.right - samples.left) * samples.duration));
    });
    f.addEventListener("keydown", function (e) {
      var to = {
        ArrowLeft: present - 1, ArrowRight: present + 1, PageUp: present - 10, PageDown: present + 10, Home: 0, End: last
      }[e.key];
      if (to !== undefined) {
        e.preventDefault();
        show(to);
      }
    });
  });
})();
