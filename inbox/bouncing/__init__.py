"""Makes reports about messages: finds which ones are requested, and stores them."""
