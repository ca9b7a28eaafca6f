package openwork_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest/cachetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryCache_ContractInFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cachetest.Run(t, openwork.NewMemoryCache(), time.Sleep)
	})
}

// Entries that expire are removed on the way of later ones, so the memory of a cache does not grow with its age.
func TestMemoryCache_ForgetsWhatExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := openwork.NewMemoryCache()
		for i := range 1000 {
			require.NoError(t, cache.Set(context.Background(), fmt.Sprint("short", i), "value", time.Second))
		}
		assert.Equal(t, 1000, openwork.Entries(cache))
		time.Sleep(2 * time.Minute)
		require.NoError(t, cache.Set(context.Background(), "one more", "value", time.Minute))
		assert.Equal(t, 1, openwork.Entries(cache))
	})
}
