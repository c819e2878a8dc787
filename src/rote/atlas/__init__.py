"""What is known of which networks memorize which data: theorems and bounds, compared."""
