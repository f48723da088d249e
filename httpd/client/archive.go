package client

import (
	"context"
	"time"
)

// Archive is what lies in the archive.
type Archive struct {
	After    int64            `json:"after_seconds"` // after its end that a payout is moved; zero: never
	Requests int              `json:"requests"`      // that were moved, each as often as it was
	Bytes    int64            `json:"bytes"`
	Missing  int              `json:"missing"` // segments that the store needs and that are not there whole
	Segments []ArchiveSegment `json:"segments"`
}

// ArchiveSegment is one file of the archive that the store needs.
type ArchiveSegment struct {
	Name     string    `json:"name"`
	Requests int       `json:"requests"`
	Values   int       `json:"values"` // with the messages that told of them
	Bytes    int64     `json:"bytes"`  // that it has at the least
	Since    time.Time `json:"since"`
	Here     bool      `json:"here"` // it is there, with Bytes or more
}

// ArchiveRun is what a call to archive has done.
type ArchiveRun struct {
	Moved int  `json:"moved"` // requests
	Left  bool `json:"left"`  // there is more to look at
}

// Archive asks what lies in the archive.
func (c *Client) Archive(ctx context.Context) (Archive, error) {
	return get[Archive](ctx, c, "/archive", nil)
}

// ArchiveNow archives a piece of what is old enough.
func (c *Client) ArchiveNow(ctx context.Context) (ArchiveRun, error) {
	return post[ArchiveRun](ctx, c, "/archive", nil, struct{}{})
}
