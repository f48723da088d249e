package egress

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrTooLong says that an answer's body is longer than was to be read.
var ErrTooLong = errors.New("egress: answer too long")

// ReadBody reads at most limit bytes of an answer's body and closes it. Of a
// longer body it gives the first limit bytes and ErrTooLong: enough to note a
// receiver's answer, not enough to believe a provider's. Any other error comes
// with the bytes read before it. A body read to its end leaves its connection
// to be used again, a longer one closes it.
func ReadBody(resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if int64(len(body)) > limit {
		return body[:limit], fmt.Errorf("read answer: more than %d bytes: %w", limit, ErrTooLong)
	}
	if err != nil {
		return body, fmt.Errorf("read answer: %w", err)
	}
	return body, nil
}
