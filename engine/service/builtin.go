package service

import (
	"embed"
	"io/fs"
)

// data is the built-in directory, in the schema of operator files.
//
//go:embed data/*.json
var data embed.FS

// readBuiltin panics where the data is broken, which no build that passed its
// tests has.
func readBuiltin() *Directory {
	b := edit(&Directory{})
	b.inside = true
	for _, name := range []string{"test", "card", "bank", "wallet", "mobile", "providers"} {
		text, err := fs.ReadFile(data, "data/"+name+".json")
		if err == nil {
			err = b.read(File{Name: name + ".json", Data: text})
		}
		if err != nil {
			panic("service: built-in directory: " + err.Error())
		}
	}
	for _, s := range b.d.services {
		s.source = "" // nobody's file
	}
	return b.finish()
}
