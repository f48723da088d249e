package sandbox

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// listChunk is how much of a list is gathered before it is sent.
const listChunk = 64 << 10

// errWent says that the client takes no more.
var errWent = errors.New("client went away")

// listReply answers with an object one of whose members is a list of any
// length, sent as it comes. Until the first chunk is full nothing is sent, and
// another answer may be given instead.
type listReply struct {
	to     http.ResponseWriter
	now    func() time.Time
	member string
	buf    []byte
	sent   bool
	count  int
}

func (l *listReply) add(line any) error {
	text, err := json.Marshal(line, json.Deterministic(true))
	if err != nil {
		return err
	}
	if l.count++; l.count == 1 {
		l.buf = append(l.buf, `{"`+l.member+`":[`...)
	} else {
		l.buf = append(l.buf, ',')
	}
	l.buf = append(l.buf, text...)
	if len(l.buf) < listChunk {
		return nil
	}
	return l.flush()
}

// end closes the list, and puts a member after it if that has a name. It does
// nothing where err has ended the list before.
func (l *listReply) end(err error, member string, value any) error {
	if err != nil {
		return nil
	}
	if l.count == 0 {
		l.buf = append(l.buf, `{"`+l.member+`":[`...)
	}
	l.buf = append(l.buf, ']')
	if member != "" {
		text, err := json.Marshal(value, json.Deterministic(true))
		if err != nil {
			return err
		}
		l.buf = append(append(l.buf, `,"`+member+`":`...), text...)
	}
	l.buf = append(l.buf, "}\n"...)
	return l.flush()
}

func (l *listReply) flush() error {
	if !l.sent {
		l.to.Header().Set("Content-Type", "application/json")
		l.to.Header().Set("Cache-Control", "no-store")
		l.to.WriteHeader(http.StatusOK)
		l.sent = true
	}
	// A client that reads may take any time, one that doesn't no more than for
	// another answer.
	err := http.NewResponseController(l.to).SetWriteDeadline(l.now().Add(writeFor))
	if err == nil {
		_, err = l.to.Write(l.buf)
	}
	l.buf = l.buf[:0]
	if err != nil {
		return errors.Join(errWent, err)
	}
	return nil
}

// brokenOff ends an answer whose list came to no end: a client that has had a
// part of it must not take it for whole.
func (s *Server) brokenOff(w http.ResponseWriter, l *listReply, err error) {
	switch {
	case errors.Is(err, errWent):
		panic(http.ErrAbortHandler)
	case l.sent:
		s.options.Log.Error("test provider can't read its files", "err", err)
		panic(http.ErrAbortHandler)
	}
	s.broken(w, err)
}
