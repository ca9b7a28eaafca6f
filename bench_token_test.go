package openwork_test

import (
	"context"
	"runtime"
	"testing"
)

// A token that is at hand costs next to nothing, however many goroutines ask for it.

func BenchmarkTokenWarm(b *testing.B) {
	source, ctx := warmToken(b), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := source.Token(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTokenWarmParallel(b *testing.B) {
	source, ctx := warmToken(b), context.Background()
	b.SetParallelism((64 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := source.Token(ctx); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
