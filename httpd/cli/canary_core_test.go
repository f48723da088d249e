package cli

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"syscall"
	"testing"
)

// dying starts a program that may leave as large a core as it likes, and ends
// it by SIGQUIT once it is ready. It returns whether it left one.
func dying(t *testing.T, program ...string) bool {
	t.Helper()
	cmd := bounded(t, "sh", append([]string{"-c", `ulimit -c unlimited; exec "$@"`, "sh"}, program...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(cleanEnv(t), "GOTRACEBACK=crash") // the runtime then ends by SIGABRT, which leaves a core
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewReader(stderr)
	for line := ""; err == nil && !readyLine.MatchString(line) && line != "ready\n"; {
		line, err = lines.ReadString('\n')
	}
	if err != nil {
		t.Fatalf("%s is never ready: %v", program, err)
	}
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatalf("%s ended with %v, want a signal", program, err)
	}
	state, ok := exit.Sys().(syscall.WaitStatus)
	if !ok || !state.Signaled() {
		t.Fatalf("%s ended with %v, want a signal", program, exit)
	}
	return state.CoreDump()
}

// TestNoCoreIsLeft: a server that crashes leaves no picture of its memory,
// even where the system would let it.
func TestNoCoreIsLeft(t *testing.T) {
	config := newPlace(t).Config
	if dying(t, "penstock", "serve", "--config", config) {
		t.Error("the server left a core")
	}
	if !dying(t, "sh", "-c", "echo ready >&2; while :; do :; done") {
		t.Log("no program leaves a core here, so this has shown nothing")
	}
}
