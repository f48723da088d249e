package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"penstock/engine/archive"
	"penstock/store"
)

// writeBackup writes the parcels of a backup. The segments are read after the
// store: a stub is written when its entry is durable, and nothing that lies in a
// segment ever changes, so they have all that the copy of the store needs.
func (a *appliance) writeBackup(ctx context.Context, w io.Writer, counts map[string]int) error {
	m := a.manifest(parcelStore, counts)
	list, err := a.archive.List()
	if err != nil {
		return err
	}
	archives := len(list) > 0 || a.cfg.Store.ArchiveAfter.D() > 0
	if archives {
		m.Format = 2
	}
	if err := writeParcel(w, m, func(w io.Writer) error { return a.store.Snapshot(ctx, w) }); err != nil {
		return err
	}
	if !archives {
		return a.missSegments(ctx)
	}
	if list, err = a.archive.List(); err != nil {
		return err
	}
	for _, s := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		m := manifest{Penstock: parcelSegment, Format: 2, Created: m.Created, Version: m.Version, Ring: m.Ring, Name: s.ID.String()}
		if err := writeParcel(w, m, func(w io.Writer) error { return copySegment(w, filepath.Join(a.archive.Path(), m.Name), s.Bytes) }); err != nil {
			return fmt.Errorf("copy segment %s: %w", m.Name, err)
		}
	}
	end := manifest{Penstock: parcelEnd, Format: 2, Created: m.Created, Version: m.Version, Ring: m.Ring, Counts: map[string]int{"segments": len(list)}}
	if err := writeParcel(w, end, func(io.Writer) error { return nil }); err != nil {
		return err
	}
	return a.missSegments(ctx)
}

// missSegments tells of segments that the store needs and that the backup can't
// have: it is worth keeping, and a restored store has what this one has.
func (a *appliance) missSegments(ctx context.Context) error {
	needed, err := a.engine.Archived(ctx)
	if err != nil {
		return err
	}
	for _, s := range needed {
		if !s.Here {
			a.log.Error("the backup lacks a segment of the archive, which is missing or cut short; put it back from an older backup", "segment", s.Name, "requests", s.Requests)
		}
	}
	return nil
}

func copySegment(w io.Writer, path string, size int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyN(w, f, size)
	return err
}

// unpackArchive makes a directory with the segments that follow the store in a
// backup of format 2.
func unpackArchive(r *bufio.Reader, dir string, p io.Writer) error {
	for n := 0; ; n++ {
		m, err := readManifest(r, parcelSegment, parcelEnd)
		if err != nil {
			return err
		}
		if m.Penstock == parcelEnd {
			if bytes, err := readContents(r, io.Discard); err != nil || bytes != 0 || m.Counts["segments"] != n {
				return errors.Join(errDamaged, err)
			}
			return nil
		}
		if _, ok := archive.ParseID(m.Name); !ok {
			return fmt.Errorf("%w: a segment of the archive is called %q", errDamaged, m.Name)
		}
		if n == 0 {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return fmt.Errorf("make the archive's directory: %w", err)
			}
			if err := store.SyncDir(filepath.Dir(dir)); err != nil {
				return err
			}
		}
		if err := unpack(r, filepath.Join(dir, m.Name), p); err != nil {
			return fmt.Errorf("segment %s: %w", m.Name, err)
		}
	}
}
