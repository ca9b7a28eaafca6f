package openwork_test

import (
	"flag"
	"fmt"
	"runtime"
	"testing"

	"github.com/openwork-go/openwork"
	"github.com/stretchr/testify/require"
)

var soak = flag.Int("soak", 0, "serve so many distinct pushes, for example 1000000, and see that memory and goroutines stay flat")

// The claims of a process are bounded, so memory grows until the table is full and then no more.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("runs with -soak 1000000")
	}
	cfg := openwork.Config{SuiteID: testSuiteID, Token: testToken, EncodingAESKey: testKey, Tolerance: -1}
	server, err := openwork.NewServer(cfg)
	require.NoError(t, err)
	handled := 0
	server.HandleUserCreated(func(msg *openwork.Message, next openwork.Next) (openwork.Reply, error) {
		handled++
		return next(msg)
	})
	const stages = 10
	var heap [stages]uint64
	var goroutines [stages]int
	for stage := range stages {
		for i := range *soak / stages {
			p := newPush(command("change_contact", "ChangeType", "create_user", "UserID", fmt.Sprintf("u%d-%d", stage, i)))
			_, err := server.Serve(p.request())
			require.NoError(t, err)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap[stage], goroutines[stage] = m.HeapAlloc, runtime.NumGoroutine()
		t.Logf("after %7d pushes: %5.1f MiB of heap, %d goroutines", (stage+1)*(*soak/stages), float64(m.HeapAlloc)/(1<<20), goroutines[stage])
	}
	require.Equal(t, *soak/stages*stages, handled)
	require.Less(t, float64(heap[stages-1]), float64(heap[stages/2])*1.1)
	require.LessOrEqual(t, goroutines[stages-1], goroutines[0])
}
