package declarative

import "testing"

func TestTheFormsThatShipKeepTheirSamples(t *testing.T) {
	all, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range all {
		if len(f.Samples()) < 5 || f.Label() == "" || f.About() == "" {
			t.Errorf("%s: got %d samples, label %q, about %q", name, len(f.Samples()), f.Label(), f.About())
		}
		for _, problem := range f.Replay() {
			t.Errorf("%s: %s", name, problem)
		}
	}
}
