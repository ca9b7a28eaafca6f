package openwork_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest/cachetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryCache_Contract(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, openwork.NewMemoryCache(), time.Sleep)
}

func TestMemoryCache_StartsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	caches := make([]*openwork.MemoryCache, 100)
	for i := range caches {
		caches[i] = openwork.NewMemoryCache()
		require.NoError(t, caches[i].Set(context.Background(), "key", "value", time.Minute))
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+1) // one for what the runtime itself may start
	runtime.KeepAlive(caches)
}

// The process that this test starts has no home directory and may write nowhere but to a directory that is looked at
// afterwards.
func TestMemoryCache_WritesNothingToDisk(t *testing.T) {
	if dir := os.Getenv("OPENWORK_TEST_NO_DISK"); dir != "" {
		cache := openwork.NewMemoryCache()
		for i := range 1000 {
			require.NoError(t, cache.Set(context.Background(), fmt.Sprint("key", i), "value", time.Minute))
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestMemoryCache_WritesNothingToDisk$")
	cmd.Dir = dir
	cmd.Env = []string{"OPENWORK_TEST_NO_DISK=" + dir, "TMPDIR=" + dir}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files)
}
