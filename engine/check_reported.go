package engine

import (
	"errors"
	"fmt"
	"strings"

	"penstock/store"
)

// reported holds the indexes of what providers and banks have reported against
// the lines.
func (k *check) reported(tx store.Tx) error {
	want := map[string]int{}
	err := scoped(k, tx, bucketReported, func(s Scope, id string, l *ReportLine) error {
		account, name, ok := strings.Cut(id, "\x00")
		if !ok || name != l.ID {
			k.found("reported line %s stands where another belongs", l.ID)
			return nil
		}
		rows := l.rows(s, account)
		if l.Done == "" {
			rows = append(rows, indexRow{bucketReportedDue, s.key(account, l.ID)})
		}
		for _, row := range rows {
			want[row.bucket]++
			_, err := tx.Get(row.bucket, row.key)
			if errors.Is(err, store.ErrNotFound) {
				k.found("reported line %s is missing in the index %s", l.ID, row.bucket)
				want[row.bucket]--
			} else if err != nil {
				return fmt.Errorf("check the index %s: %w", row.bucket, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, bucket := range []string{bucketReportedAt, bucketReportedOf, bucketReportedDue} {
		n := 0
		if err := each(tx, bucket, nil, func(store.Pair) error { n++; return nil }); err != nil {
			return err
		}
		if n != want[bucket] {
			k.found("the index %s has %d rows and %d lines ask for one", bucket, n, want[bucket])
		}
	}
	return nil
}
