package openwork_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/openwork-go/openwork"
	"github.com/openwork-go/openwork/openworktest/cachetest"
)

func TestMemoryCache_ClaimerContractInFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		cachetest.RunClaimer(t, openwork.NewMemoryCache(), time.Sleep)
		if passed := time.Since(began); passed < time.Second {
			t.Errorf("only %v passed", passed)
		}
	})
}
