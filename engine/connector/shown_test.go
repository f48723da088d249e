package connector

import "testing"

// TestAFilesNameShowsNoAccount: neither whole nor in an IBAN, and dates stay.
func TestAFilesNameShowsNoAccount(t *testing.T) {
	for name, want := range map[string]string{
		"statement-20260106.csv": "statement-20260106.csv", "camt053_20260106120000.xml": "camt053_20260106120000.xml",
		"DE89370400440532013000.xml": "DE*3000.xml", "C53_NL91ABNA0417164300_1.xml": "C53_NL91ABNA*4300_1.xml", "4111111111111111.csv": "*1111.csv",
		"GB29NWBK20161231235926.xml": "GB29NWBK*5926.xml", "20261399120000.xml": "*0000.xml", "a\nb.xml": "", "\xff.xml": "",
	} {
		if got := FileName(name); got != want {
			t.Errorf("%q reads %q, want %q", name, got, want)
		}
	}
}
