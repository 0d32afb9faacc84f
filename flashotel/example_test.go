package flashotel_test

import (
	"context"
	"fmt"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashotel"
)

// The metrics go where the reader of the provider sends them: to a collector, or to a page that
// Prometheus reads. Here they are read by hand.
func ExampleNew() {
	reader := sdk.NewManualReader()
	observer, err := flashotel.New(sdk.NewMeterProvider(sdk.WithReader(reader)))
	if err != nil {
		panic(err)
	}
	messages, err := flashgin.New(flashgin.Config{Observer: observer})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	messages.Add(ctx, "session", flashgin.Success("Saved.").At("/settings"),
		flashgin.Info("Sent.").At("/orders"))
	messages.Take(ctx, "session", "/settings")

	var metrics metricdata.ResourceMetrics
	reader.Collect(ctx, &metrics)
	for _, m := range metrics.ScopeMetrics[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
			fmt.Println(m.Name, sum.DataPoints[0].Value, m.Unit)
		}
	}
	// Output:
	// flashgin.message.added 2 {message}
	// flashgin.message.shown 1 {message}
}
