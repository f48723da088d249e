package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
)

// stopper cancels a context in the middle of a copy.
type stopper struct {
	bytes.Buffer
	cancel context.CancelFunc
}

func (s *stopper) Write(b []byte) (int, error) {
	if s.Len() > 3*pageSize {
		s.cancel()
	}
	return s.Buffer.Write(b)
}

func TestSnapshotCanBeStopped(t *testing.T) {
	s := open(t, at(newPath(t)))
	for i := range 50 {
		if err := s.Update(t.Context(), putting(fmt.Sprint(i), string(make([]byte, 20_000)))); err != nil {
			t.Fatal(err)
		}
	}
	var whole bytes.Buffer
	if err := s.Snapshot(t.Context(), &whole); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	part := stopper{cancel: cancel}
	if err := s.Snapshot(ctx, &part); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v, want %v", err, context.Canceled)
	}
	if part.Len() >= whole.Len()/2 {
		t.Errorf("%d bytes of %d were copied after the stop", part.Len(), whole.Len())
	}
	if err := s.Snapshot(t.Context(), failing{}); !errors.Is(err, errPurpose) {
		t.Errorf("a failing writer: %v, want %v", err, errPurpose)
	}
	if err := s.Update(t.Context(), putting("k", "the store goes on")); err != nil {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errPurpose }
