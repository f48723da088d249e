package admin

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.yaml.in/yaml/v4"

	"penstock/httpd/wire"
)

// What deploy/ gives to Prometheus and Grafana names metrics. A name that the
// daemon doesn't export alerts nobody, ever, and nothing else would notice.

// exported are the names of all series with the labels of each.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	o := newOffice(t)
	o.admin.Observe(wire.Served{Dialect: "rest", Method: "GET", Pattern: "/payouts/{id}", Status: 200, Took: time.Second})
	families, err := o.admin.counts.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{"up": {"job", "instance"}}
	for _, f := range families {
		labels := []string{"job", "instance"} // Prometheus gives these
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		out[f.GetName()] = labels
		if f.GetType() == dto.MetricType_HISTOGRAM {
			out[f.GetName()+"_bucket"] = append(slices.Clone(labels), "le")
			out[f.GetName()+"_sum"], out[f.GetName()+"_count"] = labels, labels
			delete(out, f.GetName()) // the name alone has no series
		}
	}
	return out
}

// badNames lists what of an expression isn't exported: metrics, labels of
// their selectors, labels of groupings.
func badNames(expr string, known map[string][]string) (bad, used []string) {
	text := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`)
	var labels []string
	for _, m := range regexp.MustCompile(`(?:by|without) ?\(([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		labels = append(labels, regexp.MustCompile(`\w+`).FindAllString(m[1], -1)...)
	}
	for _, m := range regexp.MustCompile(`\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
		for _, l := range regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)`).FindAllStringSubmatch(m[1], -1) {
			labels = append(labels, l[1])
		}
	}
	bare := regexp.MustCompile(`\{[^}]*\}|\[[^\]]*\]|(?:by|without) ?\([^)]*\)`).ReplaceAllString(text, " ")
	given := map[string]bool{}
	for _, m := range regexp.MustCompile(`[a-zA-Z_:][\w:]*( ?\()?`).FindAllString(bare, -1) {
		if strings.HasSuffix(m, "(") || slices.Contains([]string{"and", "or", "unless", "sum"}, m) {
			continue // a function
		}
		if _, ok := known[m]; !ok {
			bad = append(bad, m)
			continue
		}
		used = append(used, m)
		for _, l := range known[m] {
			given[l] = true
		}
	}
	for _, l := range labels {
		if !given[l] {
			bad = append(bad, "label "+l)
		}
	}
	if len(used) == 0 {
		bad = append(bad, "no metric at all")
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") {
		bad = append(bad, "brackets that don't match")
	}
	return bad, used
}

func TestBadNamesAreSeen(t *testing.T) {
	known := map[string][]string{"a_total": {"job", "x"}, "b_bucket": {"job", "le"}}
	for expr, want := range map[string]int{
		`sum by (x) (rate(a_total{job="p"}[5m])) > 0.5`:             0,
		`histogram_quantile(0.9, sum by (le) (rate(b_bucket[5m])))`: 0,
		`rate(a_totals[5m])`:    2, // and so no metric
		`a_total{y="1"}`:        1,
		`sum by (le) (a_total)`: 1,
		`a_total / b`:           1,
		`sum(a_total`:           1,
		`increase(a_total{x=~"4.."}[$__range]) and b_bucket{le="1"} > 2`: 0,
	} {
		if bad, _ := badNames(expr, known); len(bad) != want {
			t.Errorf("%s: %q, want %d", expr, bad, want)
		}
	}
}

func TestAlertsNameMetricsThatAreExported(t *testing.T) {
	var doc struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []struct {
				Alert       string            `yaml:"alert"`
				Expr        string            `yaml:"expr"`
				For         string            `yaml:"for"`
				Labels      map[string]string `yaml:"labels"`
				Annotations map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	known, seen, watched := exported(t), map[string]bool{}, map[string]bool{}
	for _, g := range doc.Groups {
		for _, r := range g.Rules {
			bad, used := badNames(r.Expr, known)
			if len(bad) > 0 {
				t.Errorf("%s: %q is not exported", r.Alert, bad)
			}
			for _, name := range used {
				watched[name] = true
			}
			if r.Alert == "" || seen[r.Alert] || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%q wants a name of its own, a summary and what to do", r.Alert)
			}
			seen[r.Alert] = true
			if !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) {
				t.Errorf("%s: severity %q", r.Alert, r.Labels["severity"])
			}
			if _, err := time.ParseDuration(r.For); r.For != "" && err != nil {
				t.Errorf("%s: for: %v", r.Alert, err)
			}
		}
	}
	for _, name := range []string{"up", "penstock_last_round_age_seconds", "penstock_on_hold", "penstock_locker_sealed", "penstock_conflicts_total", "penstock_store_low_space"} {
		if !watched[name] {
			t.Errorf("nobody is called about %s", name)
		}
	}
}

func TestBoardShowsEveryMetricThatIsExported(t *testing.T) {
	var board struct {
		Title  string `json:"title"`
		Panels []struct {
			ID      int    `json:"id"`
			Type    string `json:"type"`
			Title   string `json:"title"`
			GridPos struct{ X, Y, W, H int }
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		Templating struct {
			List []struct {
				Name  string `json:"name"`
				Query string `json:"query"`
			} `json:"list"`
		} `json:"templating"`
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana", "penstock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	known, ids, shown, taken := exported(t), map[int]bool{}, map[string]bool{}, map[[2]int]string{}
	for _, p := range board.Panels {
		if p.Title == "" || ids[p.ID] || (len(p.Targets) == 0) != (p.Type == "row") {
			t.Errorf("panel %d %q wants a title, a number of its own and something to show", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			bad, used := badNames(target.Expr, known)
			if len(bad) > 0 {
				t.Errorf("%s: %q is not exported: %s", p.Title, bad, target.Expr)
			}
			for _, name := range used {
				shown[strings.TrimSuffix(name, "_bucket")] = true
			}
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies on %q at %d, %d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	for _, v := range board.Templating.List {
		if name, ok := strings.CutPrefix(v.Query, "label_values("); ok {
			if name, _, _ = strings.Cut(name, ","); known[name] == nil {
				t.Errorf("variable %s asks for %s, which is not exported", v.Name, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		name, part := strings.CutSuffix(name, "_bucket")
		if strings.HasPrefix(name, "penstock_") && !shown[name] && (part || !strings.HasPrefix(name, "penstock_http_request_seconds")) {
			t.Errorf("the board doesn't show %s", name)
		}
	}
}
