package engine

import (
	"errors"
	"fmt"

	"penstock/engine/archive"
	"penstock/store"
)

// archived finds every value whose entry is missing, or is not what was archived,
// and every segment that is not there. Other parts read through the archive too,
// and stop at the first of those.
func (k *check) archived(tx store.Tx) error {
	segments, err := k.e.segments(tx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, s := range segments {
		known[s.Name] = true
		if !s.Here {
			k.found("archive segment %s is missing or cut short: %d requests lie in it; put it back from a backup", s.Name, s.Requests)
		}
	}
	for _, bucket := range archivedBuckets() {
		err := each(lasting{k.stubs, k.ctx}, bucket, nil, func(p store.Pair) error {
			if !archive.IsStub(p.Value) {
				return nil
			}
			k.Counts[bucketArchived]++
			if at, err := archive.ParseStub(p.Value); err == nil && !known[at.Segment.String()] {
				k.found("%s: a stub leads to segment %s, which the store doesn't know of", bucket, at.Segment)
			}
			_, err := tx.Get(bucket, p.Key)
			if errors.Is(err, store.ErrCorrupt) {
				_, id, _ := cutScope(p.Key)
				k.found("%s %q: %v", bucket, id, err)
				return nil
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("walk through stubs: %w", err)
		}
	}
	return nil
}
