package fielderror_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/fielderror"
)

func TestErrorNamesFieldProblemAndRemedy(t *testing.T) {
	e := &fielderror.Error{Field: "TokenURL", Problem: "missing", Remedy: "set it"}
	require.EqualError(t, e, "TokenURL: missing: set it")
	require.EqualError(t, &fielderror.Error{Field: "A", Problem: "odd"}, "A: odd")
}

func TestAllFindsFieldErrorsInOrder(t *testing.T) {
	a, b := &fielderror.Error{Field: "A"}, &fielderror.Error{Field: "B"}
	err := fmt.Errorf("unusable:\n%w", errors.Join(a, errors.New("other"), fmt.Errorf("in: %w", b)))
	require.Equal(t, []*fielderror.Error{a, b}, fielderror.All(err))
	require.Empty(t, fielderror.All(nil))
}
