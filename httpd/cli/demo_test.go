package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestDemoOnce runs the whole demo in this process: paid, told, checked.
func TestDemoOnce(t *testing.T) {
	var out, said bytes.Buffer
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Environ: []string{"PENSTOCK_SERVER_LISTEN=nonsense"}, ExampleConfig: []byte(readExample(t))}
	if err := runDemo(context.Background(), env, true); err != nil {
		t.Fatalf("demo --once: %v\n%s%s", err, out.String(), said.String())
	}
	for _, want := range []string{"payment_token is token_", "poll      success", "signatures right", "the provider's report has it too", "every invariant holds"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo did not say %q:\n%s", want, out.String())
		}
	}
	if said.Len() > 0 {
		t.Errorf("the demo complained: %s", said.String())
	}
}
