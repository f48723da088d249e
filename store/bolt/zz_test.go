package bolt
import ("testing";"os";"time";"runtime/pprof";"strconv";"runtime")
func BenchmarkZOpen(b *testing.B) {
	path := "/tmp/lazyexp/big.db"
	n, _ := strconv.Atoi(os.Getenv("ZKEYS"))
	opt := createOptions(path)
	opt.Lazy = []string{"once", "ref", "by_customer"}
	if _, err := os.Stat(path); err != nil {
		s, err := Open(opt); if err != nil { b.Fatal(err) }
		t0 := time.Now(); c := cpuTime(b)
		fillKeys(b, s, n)
		st, _ := os.Stat(path)
		b.Logf("fill %v cpu %v, file %d MB, %+v", time.Since(t0), cpuTime(b)-c, st.Size()>>20, s.Stats())
		s.Close()
	}
	pf, _ := os.Create("/tmp/lazyexp/open.out")
	pprof.StartCPUProfile(pf)
	for range 5 {
		runtime.GC()
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		t0 := time.Now(); c := cpuTime(b)
		s, err := Open(opt); if err != nil { b.Fatal(err) }
		d, cc := time.Since(t0), cpuTime(b)-c
		runtime.GC()
		runtime.ReadMemStats(&m1)
		k := 0
		for _, r := range s.versions.current.runs { k += r.hashed }
		b.Logf("open %v cpu %v heap %d MB, %d runs, %d keys, table %d", d, cc, (int64(m1.HeapAlloc)-int64(m0.HeapAlloc))>>20, len(s.versions.current.runs), k, s.versions.current.tables[0].keys())
		s.Close()
	}
	pprof.StopCPUProfile()
	for b.Loop() { break }
}
