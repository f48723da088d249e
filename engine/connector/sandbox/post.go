package sandbox

import (
	"bytes"
	"context"
	"net/http"
)

// post makes one attempt to deliver a notification. Any 2xx is a receipt;
// redirects are not followed.
func (s *Server) post(ctx context.Context, n Posting) bool {
	ctx, cancel := context.WithTimeout(ctx, postFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(n.Body))
	if err != nil {
		return false
	}
	req.Header = n.Header(s.options.NotifySecret, s.options.Now())
	req.GetBody = nil
	resp, err := s.options.Transport.RoundTrip(req)
	if err != nil {
		s.options.Log.Debug("notification not delivered", "host", req.URL.Host)
		return false
	}
	resp.Body.Close()
	return resp.StatusCode/100 == 2
}
