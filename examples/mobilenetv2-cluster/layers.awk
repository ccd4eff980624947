# layers.awk: of report.json, a line a layer: name,engine,us,nJ
function value(text) {
	sub(/^[^:]*: */, "", text)
	sub(/,$/, "", text)
	gsub(/"/, "", text)
	return text
}
/^  "layers": \[/ { inside = 1 }
/^  \]/ { inside = 0 }
inside && /^      "name":/ { name = value($0) }
inside && /^      "engine":/ { engine = value($0) }
inside && /^      "latency_us":/ { us = value($0) }
inside && /^      "energy_nj":/ { print name "," engine "," us "," value($0) }
