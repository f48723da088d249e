package admin

import (
	"context"
	"time"

	"penstock/httpd/client"
	"penstock/httpd/wire"
)

// archivePieces are what one call archives: less than a second of work, with
// others served in between.
const archivePieces = 10

func (a *Admin) getArchive(ctx context.Context, _ *wire.Call, _ wire.None) (client.Archive, error) {
	list, err := a.Engine.Archived(ctx)
	if err != nil {
		return client.Archive{}, err
	}
	out := client.Archive{After: int64(a.Engine.Retention.Archive / time.Second), Segments: make([]client.ArchiveSegment, 0, len(list))}
	for _, s := range list {
		out.Segments = append(out.Segments, client.ArchiveSegment{Name: s.Name, Requests: s.Requests, Values: s.Values, Bytes: s.Bytes, Since: s.Since, Here: s.Here})
		out.Requests, out.Bytes = out.Requests+s.Requests, out.Bytes+s.Bytes
		if !s.Here {
			out.Missing++
		}
	}
	return out, nil
}

func (a *Admin) runArchive(ctx context.Context, _ *wire.Call, _ wire.None) (client.ArchiveRun, error) {
	moved, left, err := a.Engine.ArchiveNow(ctx, archivePieces)
	return client.ArchiveRun{Moved: moved, Left: left}, err
}
